"""The dialect of Sparkplug B 3.0: edge nodes that are born, speak by aliases, and die.

`dialect` reads topics, `births` remembers who said what of itself, `naming` makes our names and
units of theirs, `values` our values, `wire` is the one module that knows Protocol Buffers, and
`rebirths` says whom to ask to begin anew.
"""

from devices.dialects.sparkplug.dialect import NAMESPACE, Sparkplug

__all__ = ["NAMESPACE", "Sparkplug"]
