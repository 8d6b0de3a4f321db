// The packages that a function imports, each to be loaded while the component is built. The build puts them here.

export const packages = [];
