"use strict";
var __importDefault = (this && this.__importDefault) || function (mod) {
    return (mod && mod.__esModule) ? mod : { "default": mod };
};
Object.defineProperty(exports, "__esModule", { value: true });
exports.Shop = exports.pull = exports.push = void 0;
const node_fetch_1 = __importDefault(require("node-fetch"));
const luxon_1 = require("luxon");
var Tables;
(function (Tables) {
    Tables["Orders"] = "orders";
    Tables["Failed"] = "failed";
})(Tables || (Tables = {}));
class Shop {
    constructor(token = process.env.SHOP_TOKEN ?? "none") {
        this.token = token;
    }
    async *orders() {
        for (let page = 1;; page++) {
            const response = await (0, node_fetch_1.default)(`https://api.example.com/v1/orders?page=${page}`, {
                headers: { Authorization: `Bearer ${this.token}` },
            });
            const orders = (await response.json());
            yield* orders;
            if (orders.length < 2)
                return;
        }
    }
}
exports.Shop = Shop;
const push = async (_req, res) => {
    res.status(501).send("not this one");
};
exports.push = push;
const pull = async (req, res) => {
    const path = req.path;
    if (path === "/schema") {
        res.json({ schema: { [Tables.Orders]: { primary_key: "id" }, [Tables.Failed]: { primary_key: "id" } } });
        return;
    }
    if (req.body.name === Tables.Failed) {
        res.status(400).json({ error: "this table is closed" });
        return;
    }
    const insert = [];
    for await (const order of new Shop().orders()) {
        const at = luxon_1.DateTime.fromISO(order.created_at, { zone: "utc" });
        insert.push({ id: order.id, week: at.weekNumber, berlin: at.setZone("Europe/Berlin").toFormat("HH:mm") });
    }
    res.json({ insert, state: null, hasMore: false });
};
exports.pull = pull;
