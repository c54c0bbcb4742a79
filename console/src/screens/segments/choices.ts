// What the filters of the list of segments offer.

export const KINDS = ["STATIC", "DYNAMIC", "DYNAMIC_PLUS"] as const;
export const ORDERS = [
  "NAME_ASC",
  "NAME_DESC",
  "CREATED_AT_DESC",
  "CREATED_AT_ASC",
  "MEMBER_COUNT_DESC",
  "MOVED_DESC",
  "LAST_USED_AT_DESC",
  "LAST_USED_AT_ASC",
] as const;
export const STATUSES = ["READY", "BUILDING", "FAILED"] as const;
export const UNUSED = ["30", "90", "365"] as const;
