// Loads the packages that a function imports, while the component is built. The build replaces this module.

export const packages = [];
