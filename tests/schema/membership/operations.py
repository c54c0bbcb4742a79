"""GraphQL documents of the tests of memberships."""

PAGE = """query ($after: ChangeCursor, $segmentIds: [ID!], $first: Int) {
    membershipChanges(after: $after, segmentIds: $segmentIds, first: $first) {
        changes { cursor kind origin at segmentId contactId segment { name } contact { name } } cursor hasMore } }"""
