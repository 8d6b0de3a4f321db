import { functionConnector } from "weld-connector/adapt";

export const source = functionConnector({
  load: () => require("./guide/index.js"),
  keyVariable: "WELD_API_KEY",
  variables: ["API_BEARER_TOKEN"],
});
