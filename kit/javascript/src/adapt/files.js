// The data files beside the function's modules, by their paths: texts, or bytes in base64. The build puts them here.

export const files = {};
