"""Topics: boolean queries of our own grammar, matched column-wise over posts of any script.

| query | finds |
|---|---|
| `acme air` | both words, anywhere; the blank is AND |
| `acme OR beta`, `acme NOT recipe`, `(a OR b) c` | as it says; OR binds loosest, then AND, NEAR/n, NOT |
| `"acme air"` | the words one after the other, whatever signs or blanks stand between |
| `refund NEAR/3 flight` | either order, at most 3 tokens on; a side may be a phrase or `(a OR b)` |
| `recip*` | words that begin so |
| `@acme` | the handle (letters, digits, _), in the text or among the post's handles; never the bare word |
| `#acme` | the tag, in the text or among the post's hashtags; the bare word `acme` finds it too |
| `domain:acme.com` | a link to that host or one below it, among the links or in the text |
| `lang:en` | posts whose reported language it is; unknown is no language |

Operators are in capitals; `a NEAR/2 b NEAR/2 c` asks for both pairs. Words match whole: `cat` is not in
"concatenate"; what is written inside a link is no text. Scripts without blanks (Chinese, Japanese, Korean,
Thai, Lao, Khmer, Burmese) and emoji match anywhere, in a handle's name too (大学 finds @北京大学). Case never
counts. Accents count if the query has them: `nestle` finds "Nestlé" too, `Nestlé` does not find "nestle".
`i`, `I`, `İ` and `ı` are one letter, `ß` is `ss`. `&`, `+`, `#`, `%` and currency signs tell names apart
(`AT&T`, `C++`); other signs only separate words. `macy` finds "Macy's", `macy's` does not find "macy"; the
's counts no position. A letter of a script without blanks counts one.
"""

from flows.topics.grammar import parse
from flows.topics.match import match
from flows.topics.preview import Preview, preview
from flows.topics.query import Query, Term, query_hash
from flows.topics.search import search_terms

__all__ = ["Preview", "Query", "Term", "match", "parse", "preview", "query_hash", "search_terms"]
