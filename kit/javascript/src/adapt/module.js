// The part of Node's `module` that functions use: `const require = createRequire(import.meta.url)`. The build removes
// this statement and bundles the modules that `require` loads.

import { ConnectorError } from "../errors.js";

export const createRequire = () => {
  throw new ConnectorError(
    "createRequire is supported only as `const require = createRequire(import.meta.url)`: the modules that it loads are bundled",
  );
};
export default { createRequire };
