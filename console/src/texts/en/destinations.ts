export const destinations = {};
