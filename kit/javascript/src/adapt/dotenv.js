// `dotenv`: the variables come from [env] of the connector's configuration and are already set.

export const config = () => ({ parsed: { ...process.env } });
export const configDotenv = config;
export const parse = (text) =>
  Object.fromEntries(
    [...String(text).matchAll(/^\s*(?:export\s+)?([\w.-]+)\s*=\s*(.*?)\s*$/gm)].map(([, name, value]) => [
      name,
      value.replace(/^(['"])(.*)\1$/, "$2"),
    ]),
  );
export default { config, configDotenv, parse };
