"""The evidence log: what was known is fixed so that a stranger can check it without this program.

`merkle` is the tree, `leaf` what enters it of a fact, `chains` what shows a dropped fact, `heads`
what is signed, `bundle` the file that is handed over, `verify` the check of such a file. Nothing
here knows of a gateway, a database or a network.
"""
