// The README's walk from a lead to an analysed deal, by a generated client in a page of another origin.
import createClient, { type Client } from "openapi-fetch";
import type { components, paths } from "./stageline.js";

type Schemas = components["schemas"];
type Told<T> = { data?: T; error?: unknown; response: Response };

/** What was answered; the refusal's own words otherwise. */
function told<T>({ data, error, response }: Told<T>): T {
  if (data === undefined) throw new Error(`${response.status}: ${JSON.stringify(error)}`);
  return data;
}

function saysWhatIsMissing(problem: Schemas["ProblemDocument"] | undefined): problem is Schemas["TransitionProblem"] {
  return problem?.code === "exit_criteria_not_met";
}

function clientWith(url: string, key: string): Client<paths> {
  return createClient<paths>({ baseUrl: url, headers: { Authorization: `Bearer ${key}` } });
}

export async function walk(url: string, operationsKey: string) {
  const operations = clientWith(url, operationsKey);

  /** A new person of the position, as the client that acts for them. */
  async function hire(position: Schemas["Position"]): Promise<Client<paths>> {
    const body = { name: "Somebody", email: `${position}@browser.example`, position };
    const user = told(await operations.POST("/v1/users", { body }));
    const key = await operations.POST("/v1/api-keys", { body: { user_id: user.id, name: "walk" } });
    return clientWith(url, told(key).key);
  }
  const rep = await hire("sales_representative");
  const manager = await hire("account_manager");

  // prospecting: not without an outreach
  const lead = told(
    await rep.POST("/v1/leads", {
      body: { name: "Ann Field", company_name: "Fields Ltd", email: "ann@browser.example" },
    }),
  );
  const toQualification = {
    params: { path: { lead_id: lead.id } },
    body: { to_stage: "qualification" },
  };
  const refused = await rep.POST("/v1/leads/{lead_id}/transitions", toQualification);
  if (!saysWhatIsMissing(refused.error)) throw new Error("a lead moved that nobody has called");
  const { code, criteria = [] } = refused.error;
  const missing = criteria.filter((each) => !each.satisfied);
  told(
    await rep.POST("/v1/activities", {
      body: { kind: "call", status: "held", summary: "They need new fences", lead_id: lead.id },
    }),
  );
  told(await rep.POST("/v1/leads/{lead_id}/transitions", toQualification));

  // qualification, and the conversion into account, contact and deal
  told(
    await rep.PUT("/v1/leads/{lead_id}/qualification", {
      params: { path: { lead_id: lead.id } },
      body: {
        need: "New fences",
        budget_amount: "25000.00",
        budget_currency: "USD",
        timeline_on: "2030-06-30",
        decision_process: "Ann decides",
      },
    }),
  );
  const conversion = await rep.POST("/v1/leads/{lead_id}/conversion", {
    params: { path: { lead_id: lead.id } },
    body: { contact_role: "decision_maker" },
  });
  const dealId = told(conversion).opportunity.id;
  if (dealId === null) throw new Error("a dry run");

  async function moveTo(stage: string): Promise<Schemas["OpportunityTransition"]> {
    return told(
      await rep.POST("/v1/opportunities/{opportunity_id}/transitions", {
        params: { path: { opportunity_id: dealId as string } },
        body: { to_stage: stage },
      }),
    );
  }

  // presentation, negotiation, closing
  told(
    await rep.POST("/v1/activities", {
      body: { kind: "presentation", status: "held", summary: "Showed the catalogue", opportunity_id: dealId },
    }),
  );
  await moveTo("negotiation");
  const proposal = told(
    await rep.POST("/v1/proposals", {
      body: {
        opportunity_id: dealId,
        title: "Fences",
        amount: "24000.00",
        pricing: "24000 USD",
        terms: "30 days",
        delivery_timeline: "6 weeks",
      },
    }),
  );
  told(await rep.POST("/v1/proposals/{proposal_id}/sending", { params: { path: { proposal_id: proposal.id } } }));
  await moveTo("closing");
  const contract = told(
    await rep.POST("/v1/contracts", { body: { opportunity_id: dealId, amount: "24000.00" } }),
  );
  const signedOn = new Date().toISOString().slice(0, 10);
  told(
    await rep.POST("/v1/contracts/{contract_id}/signature", {
      params: { path: { contract_id: contract.id } },
      body: { signed_on: signedOn },
    }),
  );
  await moveTo("follow_up");

  // follow-up and analysis
  const me = told(await manager.GET("/v1/me"));
  const handoff = told(
    await rep.POST("/v1/handoffs", { body: { opportunity_id: dealId, to_user_id: me.user.id } }),
  );
  told(
    await manager.POST("/v1/handoffs/{handoff_id}/acceptance", {
      params: { path: { handoff_id: handoff.id } },
      body: {},
    }),
  );
  told(
    await rep.POST("/v1/satisfaction-surveys", { body: { opportunity_id: dealId, status: "answered", score: 9 } }),
  );
  await moveTo("analysis");
  told(
    await rep.POST("/v1/reviews", {
      body: { opportunity_id: dealId, reasons: ["price"], lesson: "Show the catalogue early" },
    }),
  );
  await moveTo("completed");

  const history = told(
    await rep.GET("/v1/opportunities/{opportunity_id}/transitions", {
      params: { path: { opportunity_id: dealId } },
    }),
  );
  const deal = await rep.GET("/v1/opportunities/{opportunity_id}", { params: { path: { opportunity_id: dealId } } });
  return {
    stage: told(deal).stage,
    steps: history.items.map((each) => each.step),
    refusal: code,
    who_can_fix: missing.flatMap((each) => each.who_can_fix),
    how: missing.map((each) => each.how),
  };
}

/** What makes calls safe to repeat, and what a page of another origin may read of the answers. */
export async function repeat(url: string, key: string) {
  const client = clientWith(url, key);
  const hedges = { params: { header: { "Idempotency-Key": "browser-1" } }, body: { name: "Hedges Ltd" } };
  const first = await client.POST("/v1/accounts", hedges);
  const again = await client.POST("/v1/accounts", hedges);
  const account = told(first);
  const path = { account_id: account.id };
  const etag = (await client.GET("/v1/accounts/{account_id}", { params: { path } })).response.headers.get("ETag");
  const rename = (name: string) =>
    client.PATCH("/v1/accounts/{account_id}", { params: { path, header: { "If-Match": etag ?? "" } }, body: { name } });
  const renamed = await rename("Hedges & Sons");
  const stale = await rename("Hedges & Daughters");
  return {
    same: JSON.stringify(told(again)) === JSON.stringify(account),
    replayed: [first, again].map((each) => each.response.headers.get("Idempotent-Replayed")),
    location: first.response.headers.get("Location") === `/v1/accounts/${account.id}`,
    request_ids: [first, again].map((each) => each.response.headers.get("X-Request-Id")?.length ?? 0),
    etag,
    renamed: told(renamed).name,
    stale: [stale.response.status, stale.error?.code],
  };
}

/** What a client reads of an answer that asks it to wait: here, that all streams of events are taken. */
export async function wait(url: string, key: string) {
  const open = () => fetch(`${url}/v1/events/stream`, { headers: { Authorization: `Bearer ${key}` } });
  const taken = await open();
  const refused = await open();
  await taken.body?.cancel();
  return [taken.status, refused.status, refused.headers.get("Retry-After")];
}
