export const broadcasts = {};
