"""Versions of rules, trends and comparing previews, through the API."""

from tests.kit.segments import TAGGED_VIP, dynamic_segment, new_contacts, static_segment
from tests.schema.segments.operations import id_of

READ = """
query ($first: Int, $after: String) {
  segments {
    nodes {
      name
      trend(days: 3)
      ruleVersions(first: $first, after: $after) {
        nodes { number rule ruleText ruleQuery at by { name } entered left } pageInfo { hasNextPage endCursor }
      }
    }
  }
}
"""
HISTORY = """
query ($id: ID!, $after: String) {
  segment(id: $id) { ruleVersions(after: $after) { nodes { number rule by { name } entered left } } }
}
"""
UPDATE = """
mutation ($id: ID!) { segmentUpdate(id: $id, input: {ruleQuery: "tagged any ('new')"}) { userErrors { message } } }
"""
PREVIEW = """
query ($rule: RuleInput, $q: String, $to: ID) {
  segmentPreview(rule: $rule, ruleQuery: $q, compareTo: $to) {
    count reachable conditions { path count } difference { entering leaving }
  }
}
"""


async def test_a_list_shows_the_trend_and_the_rules_of_each_segment(api, admin, scope):
    await new_contacts(scope, 2, tags=["vip"])
    segment = await dynamic_segment(scope)
    await static_segment(scope, [], name="Empty")
    assert (await api.data(admin, UPDATE, id=id_of(segment)))["segmentUpdate"]["userErrors"] == []
    empty, vips = (await api.data(admin, READ, first=1))["segments"]["nodes"]
    assert (empty["trend"], empty["ruleVersions"]["nodes"]) == ([0, 0, 0], [])
    assert vips["trend"] == [0, 0, 2]
    (newest,) = vips["ruleVersions"]["nodes"]
    assert (newest["number"], newest["ruleQuery"], newest["entered"]) == (2, "tagged any ('new')", None)
    assert newest["by"] is not None
    cursor = vips["ruleVersions"]["pageInfo"]["endCursor"]
    (first,) = (await api.data(admin, HISTORY, id=id_of(segment), after=cursor))["segment"]["ruleVersions"]["nodes"]
    assert first == {"number": 1, "rule": TAGGED_VIP, "by": None, "entered": 2, "left": 0}


async def test_a_preview_compares_with_a_segment_and_counts_each_condition(api, admin, scope):
    await new_contacts(scope, 2, tags=["vip"])
    await new_contacts(scope, 1, tags=["new"], phone="+34600000001")
    segment = await dynamic_segment(scope)
    told = await api.data(admin, PREVIEW, q="tagged 'new' or tagged 'nobody'", to=id_of(segment))
    assert told["segmentPreview"] == {
        "count": 1,
        "reachable": 1,
        "conditions": [{"path": ["rule", "any", "0"], "count": 1}, {"path": ["rule", "any", "1"], "count": 0}],
        "difference": {"entering": 1, "leaving": 2},
    }
    alone = await api.data(admin, PREVIEW, rule=TAGGED_VIP)
    assert alone["segmentPreview"]["difference"] is None
    assert await api.codes(admin, PREVIEW, rule=TAGGED_VIP, to="nonsense") == ["BAD_REQUEST"]
    assert await api.codes(admin, PREVIEW) == ["BAD_REQUEST"]
