"""The engine: members of every segment, right at all times, and the log of who entered and left.

dirty_contacts  what was written: marks on contacts          stored_rules    what changed of the rules
ticks           what time alone has changed                  compiled_rules  the active rules, compiled
engine_lock     one engine per workspace at a time           levels          which is evaluated first, which reads what
batches         a batch of all that, in one transaction      crossers        the statements that find who crossed a threshold
manual_changes  people's own changes                         evaluate        which segments these contacts belong to
audit           what is stored against what is right         apply           the difference: members, counts and log
rebuild         a whole segment, beside its members
"""
