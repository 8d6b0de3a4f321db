const _ = require("lodash");

module.exports.chunk = _.chunk;
module.exports.flat = ({ customer, ...order }) => ({
  ...order,
  ..._.mapKeys(customer.address, (_value, name) => _.camelCase(`customer ${name}`)),
});
