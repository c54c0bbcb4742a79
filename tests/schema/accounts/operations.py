"""GraphQL documents of the tests of accounts."""

VIEWER = "{ viewer { workspace { name timezone defaultCountry contactCount freshness { pendingContacts lagSeconds } } member { name } permissions } }"  # noqa: E501
