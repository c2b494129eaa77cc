"""GDELT's names of languages (https://data.gdeltproject.org/api/v2/guides/LOOKUP-LANGUAGES.TXT) as ISO 639-1 codes."""

from __future__ import annotations

_NAMES = """
af Afrikaans|sq Albanian|ar Arabic|hy Armenian|az Azerbaijani|eu Basque|be Belarusian|bn Bengali|bs Bosnian
bg Bulgarian|ca Catalan|zh Chinese|hr Croatian|cs Czech|da Danish|nl Dutch|en English|et Estonian|fi Finnish
fr French|gl Galician|ka Georgian|de German|el Greek|gu Gujarati|he Hebrew|hi Hindi|hu Hungarian|is Icelandic
id Indonesian|it Italian|ja Japanese|kn Kannada|kk Kazakh|ko Korean|ky Kyrgyz|lv Latvian|lt Lithuanian|mk Macedonian
ms Malay|ml Malayalam|mr Marathi|mn Mongolian|ne Nepali|no Norwegian|nn NorwegianNynorsk|ps Pashto|fa Persian
pl Polish|pt Portuguese|pa Punjabi|ro Romanian|ru Russian|sr Serbian|si Sinhalese|sk Slovak|sl Slovenian|so Somali
es Spanish|sw Swahili|sv Swedish|ta Tamil|te Telugu|th Thai|bo Tibetan|tr Turkish|uk Ukrainian|ur Urdu|uz Uzbek
vi Vietnamese|cy Welsh
"""

CODES = {
    name.lower(): code for code, name in (pair.split(" ") for pair in _NAMES.strip().replace("\n", "|").split("|"))
}
"""Code by name in lower case; a name that is not here goes through as it is."""
