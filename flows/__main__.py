"""`python -m flows` is `soundings`."""

from flows.cli import main

main()
