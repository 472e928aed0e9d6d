"""The review page: every page's picture beside what was read of it, and what a person says of it.

`gathered` is what there is to look at, `rendering` and `detail` what is shown of one page, `standalone` the page as one
file, `server` the same page served on loopback. The page itself is `flows/templates/review.*`.
"""
