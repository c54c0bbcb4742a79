"""The language of segments: what a rule says, whether it is well said, and what it means in SQL.

    check       JSON in the shape of RuleInput -> Rule, or Problems that name every mistake and its path
    compile     Rule -> SQL: `where` (a filter), `whole` (a workspace at a time), `batch` (some contacts, many rules)
    depends     what a rule must be asked again for: fields, tags, kinds of activity, other segments; cycles and order
    boundaries  which contacts time alone can carry across one of the rule's thresholds
    describe    Rule -> plain words
    explain     each part's truth for one contact, and what the contact has there
    preview     how many, and who, and what to suggest to a rule builder

Everything but `loading`, `explain` and `preview` is pure. There is one compiler of leaves, so no two of these can disagree.
What each operator means, to the letter, is in docs/rules.md.
"""
