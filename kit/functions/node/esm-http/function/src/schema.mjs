const tables = ["orders", "caught", "posted", "limited", "lost"];

export const getSchema = () => ({
  schema: Object.fromEntries(tables.map((name) => [name, { primary_key: ["id"] }])),
});
