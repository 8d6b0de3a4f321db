// The data files next to the function's modules, by path, as text or as base64. The build replaces this module.

export const files = {};
