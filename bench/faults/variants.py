"""The service, broken on purpose: each variant replaces one piece of text and names the test that must notice.

The broken text lives here only. `tests/faults/test_variants.py` holds every piece against the code as it is.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Variant:
    """A bug: `old` becomes `new` in `path`; `caught_by` is a test that fails then, and passes otherwise."""

    name: str
    path: str
    old: str
    new: str
    caught_by: str


VARIANTS = (
    Variant(
        "the feed is read by id",
        "app/outbox/feed.py",
        'sa.tuple_(*_order) > sa.tuple_(bindparam("after_xid", type_=Xid8()), bindparam("after_id", type_=sa.Uuid))',
        'sa.tuple_(sa.func.least(events.c.xid, bindparam("after_xid", type_=Xid8())), events.c.id)\n    '
        '> sa.tuple_(bindparam("after_xid", type_=Xid8()), bindparam("after_id", type_=sa.Uuid))',
        "tests/outbox/test_places.py::test_an_event_with_an_earlier_id_that_is_committed_later_is_not_skipped",
    ),
    Variant(
        "the feed does not wait for open transactions",
        "app/outbox/feed.py",
        "sa.func.pg_snapshot_xmin(",
        "sa.func.pg_snapshot_xmax(",
        "tests/outbox/test_feed.py::test_never_skips_under_writers_that_hold_roll_back_and_contend",
    ),
    Variant(
        "a cursor tells how far transactions were",
        "app/outbox/feed.py",
        "cut or await _find_newest_place(tx, after, horizon)",
        "cut or horizon",
        "tests/outbox/test_places.py::test_a_cursor_names_an_event_and_not_how_far_transactions_were",
    ),
    Variant(
        "the fan-out does not wait for open transactions",
        "app/webhooks/fanout.py",
        " AND xid < pg_snapshot_xmin(pg_current_snapshot())",
        "",
        "tests/webhooks/test_lanes.py::test_an_event_waits_for_older_transactions_and_is_not_skipped",
    ),
    Variant(
        "a subject is locked without its gate, and the second wall is gone",
        "app/outbox/record.py",
        "hashtextextended(sa.cast(subject_id, sa.Text), 0)",
        "hashtextextended(sa.cast(sa.func.gen_random_uuid(), sa.Text), 0)",
        "tests/outbox/test_feed.py::test_keeps_its_order_under_requests_with_and_without_keys_that_contend_for_one_deal",
    ),
    Variant(
        "workers are told before the commit",
        "app/core/database.py",
        "                yield tx\n            except BaseException:\n",
        "                yield tx\n                self.after_commit()\n            except BaseException:\n",
        "tests/outbox/test_wakeup.py::test_only_a_commit_with_an_event_is_told",
    ),
    Variant(
        "results count whoever holds the lane",
        "app/webhooks/settling.py",
        "subject_id, token\n    FROM webhook_lanes\n    WHERE organization_id = ours.organization_id "
        "AND endpoint_id = ours.endpoint_id\n        AND subject_id = ours.subject_id AND token = ours.token",
        "subject_id, ours.token\n    FROM webhook_lanes\n    WHERE organization_id = ours.organization_id "
        "AND endpoint_id = ours.endpoint_id\n        AND subject_id = ours.subject_id",
        "tests/webhooks/test_lanes.py::test_a_lease_that_ran_out_is_taken_over_and_the_late_result_refused",
    ),
    Variant(
        "a leased lane is claimed again",
        "app/webhooks/lanes.py",
        "lease_until = now() + ",
        "lease_until = now() - ",
        "tests/webhooks/test_lanes.py::test_a_leased_lane_is_not_claimed_again",
    ),
    Variant(
        "a lease is never taken over",
        "app/webhooks/lanes.py",
        "due_at > '-infinity' AND due_at <= now() AND (lease_until IS NULL OR lease_until <= now())",
        "due_at > '-infinity' AND due_at <= now() AND lease_until IS NULL",
        "tests/webhooks/test_lanes.py::test_a_lease_that_ran_out_is_taken_over_and_the_late_result_refused",
    ),
    Variant(
        "a lane goes on behind an event that failed",
        "app/webhooks/courier.py",
        "                return result.retry_after_seconds\n",
        "                continue\n",
        "tests/webhooks/test_delivery.py::test_the_next_event_waits_until_the_one_before_is_acknowledged",
    ),
    Variant(
        "a lane is drained from its end",
        "app/webhooks/lanes.py",
        "ORDER BY lane.number, delivery.sequence\n",
        "ORDER BY lane.number, delivery.sequence DESC\n",
        "tests/webhooks/test_delivery.py::test_each_event_of_a_deal_arrives_once_in_order_and_verified",
    ),
    Variant(
        "a lane is removed although something is pending",
        "app/webhooks/settling.py",
        "    ) IS NULL\n) drained",
        "    ) IS NULL OR true\n) drained",
        "tests/webhooks/test_delivery.py::test_the_next_event_waits_until_the_one_before_is_acknowledged",
    ),
    Variant(
        "the body is rendered again",
        "app/webhooks/courier.py",
        "str(delivery.event_id), delivery.body)",
        "str(delivery.event_id), __import__('json').dumps(__import__('json').loads(delivery.body)).encode())",
        "tests/webhooks/test_delivery.py::test_the_bytes_are_those_stored_and_those_of_the_feed",
    ),
    Variant(
        "redirects are followed",
        "app/webhooks/sender.py",
        "allow_redirects=False",
        "allow_redirects=True",
        "tests/webhooks/test_sender.py::test_redirects_are_failures_and_not_followed",
    ),
    Variant(
        "an attempt has no deadline",
        "app/webhooks/sender.py",
        "asyncio.timeout(self._limits.deadline_seconds)",
        "asyncio.timeout(None)",
        "tests/webhooks/test_sender.py::test_dripping_answer_ends_at_the_deadline",
    ),
    Variant(
        "an answer is read to its end",
        "app/webhooks/sender.py",
        "(missing := self._limits.response_bytes - len(body)) > 0",
        "(missing := 65_536) > 0",
        "tests/webhooks/test_sender.py::test_endless_body_is_cut_at_the_limit",
    ),
    Variant(
        "the name is trusted once it was checked",
        "app/webhooks/sender.py",
        "address = await self._guard.resolve(destination)",
        "address = await self.__dict__.setdefault('known', {}).setdefault(\n"
        "            destination.host, asyncio.ensure_future(self._guard.resolve(destination))\n        )",
        "tests/webhooks/test_sender_pinning.py::test_connects_to_the_address_of_this_attempts_answer",
    ),
    Variant(
        "the time is not signed",
        "app/webhooks/signing.py",
        'b"%s.%d.%s" % (message_id.encode("ascii"), timestamp, body)',
        'b"%s.%d.%s" % (message_id.encode("ascii"), 0 * timestamp, body)',
        "tests/webhooks/test_signing.py::test_signs_the_published_vector",
    ),
    Variant(
        "the answer to a key is kept after the commit",
        "app/core/idempotency.py",
        "        if self._is_released:\n            await self._end(None, None, None)\n",
        "        await self._end(None, None, None)\n",
        "tests/core/test_lost_answers.py::test_a_connection_cut_at_the_commit_and_a_keyed_retry_give_one_transition",
    ),
)
