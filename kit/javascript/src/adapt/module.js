// Node's `module`, of which functions use `const require = createRequire(import.meta.url)`. The build takes that out, and bundles
// what `require` loads.

import { ConnectorError } from "../errors.js";

export const createRequire = () => {
  throw new ConnectorError(
    "createRequire works as `const require = createRequire(import.meta.url)`: what it loads is bundled",
  );
};
export default { createRequire };
