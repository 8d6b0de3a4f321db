import { functionConnector } from "weld-connector/adapt";

export const source = functionConnector({
  load: () => require("./shop/index.mjs"),
  file: "index.mjs",
  variables: ["SHOP_TOKEN"],
});
