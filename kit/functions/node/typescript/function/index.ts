import type { HttpFunction, Request, Response } from "@google-cloud/functions-framework";
import { http } from "@google-cloud/functions-framework";
import axios, { type AxiosInstance, isAxiosError } from "axios";
import { z } from "zod";

const Order = z.object({ id: z.number(), total: z.coerce.number(), created_at: z.string() });
type Order = z.infer<typeof Order>;

interface State {
  page?: number;
}

enum Table {
  Orders = "orders",
  Codes = "codes",
}

class Shop {
  private readonly api: AxiosInstance;

  constructor(readonly token: string = process.env.SHOP_TOKEN as string) {
    this.api = axios.create({ baseURL: "https://api.example.com/v1", headers: { "X-Shop": "ts", Authorization: token } });
  }

  async orders(page: number): Promise<Order[]> {
    const { data } = await this.api.get<unknown[]>("/orders", { params: { page, per_page: 3 } });
    return z.array(Order).parse(data);
  }

  async code(status: number): Promise<number | undefined> {
    try {
      await this.api.get(`/status/${status}`);
    } catch (error: unknown) {
      if (isAxiosError(error)) return error.response?.status;
      throw error;
    }
  }
}

const pull: HttpFunction = async (req: Request, res: Response): Promise<void> => {
  if (req.method === "GET") {
    const tables = Object.values(Table).map((name) => [name, { primary_key: "id" }] as const);
    res.json({ schema: Object.fromEntries(tables) });
    return;
  }
  const { name, state } = req.body as { name: Table; state: State };
  const shop = new Shop();
  if (name === Table.Codes) {
    const insert = [{ id: await shop.code(404) }, { id: await shop.code(418) }];
    res.json({ insert, state: {}, hasMore: false });
    return;
  }
  const page = state.page ?? 1;
  const insert = await shop.orders(page);
  const hasMore = insert.length === 3;
  res.status(200).json({ insert, state: hasMore ? { page: page + 1 } : {}, hasMore } satisfies { insert: Order[]; state: State; hasMore: boolean });
};

http("pull", pull);
