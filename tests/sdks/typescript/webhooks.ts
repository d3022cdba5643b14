// A consumer of webhooks in types alone: the type of an event decides what its data holds.
import type { webhooks } from "./stageline.js";

type EventOf<Type extends keyof webhooks> = webhooks[Type] extends {
  post: { requestBody: { content: { "application/json": infer Body } } };
}
  ? Body
  : never;
export type StagelineEvent = { [Type in keyof webhooks]: EventOf<Type> }[keyof webhooks];

export function tell(event: StagelineEvent): string {
  switch (event.type) {
    case "opportunity.stage_changed":
      return `${event.data.object.name}: ${event.data.transition.from_stage} → ${event.data.transition.to_stage}`;
    case "proposal.sent":
      return `${event.data.object.title} for ${event.data.object.amount}`;
    case "webhook_endpoint.disabled":
      return `${event.data.object.url}: ${event.data.object.disabled_reason ?? "unknown"}`;
    default:
      return `${event.type} ${event.subject.sequence}`;
  }
}

// @ts-expect-error a proposal moves no stage
export const wrong = (event: EventOf<"proposal.sent">): string => event.data.transition.to_stage;
