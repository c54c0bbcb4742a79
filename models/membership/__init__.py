"""The engine: members of every segment, right at all times, and the log of who entered and left.

captures   what was written: marks on contacts          compiled_rules   the active rules, compiled
crossings  what time alone has changed                  evaluate   which segments these contacts belong to
turns      one engine per workspace at a time           apply      the difference: members, counts and log
slices     a slice of all that, in one transaction      rebuild    a whole segment, beside its members
changes    the doors for people's own changes           audit      what is stored against what is right
"""
