"""The rule language: its tree, its checks, its SQL and its words. Pure; docs/rules.md defines each operator.

check        JSON in the shape of RuleInput -> Rule, or Problems with the path of every mistake
compile      Rule -> SQL: `where` (a filter), `whole` (all contacts), `batch` (some contacts, many rules)
depends      what a rule reads, which segments it mentions, cycles, order of computation
contact_changes  the words for what changed of a contact
crossings    which contacts can change sides because time passes
describe     Rule -> plain words
"""
