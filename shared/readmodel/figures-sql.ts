import { binSql } from './latency-bins.ts'

// The migration that made these tables counts with these very functions: what they come to must not change, a later shape gets
// others.

const ORIGIN = `timestamptz '2000-01-01 00:00:00+00'`
export const minuteSql = (at: string) => `date_bin('1 minute', ${at}, ${ORIGIN})`
export const hourSql = (at: string) => `date_bin('1 hour', ${at}, ${ORIGIN})`

/**
 * SQL that gives `application_id, subscription_id, at, kind, bin` of each attempt among `attempts` that was made: its own
 * outcome, and that of its delivery when it succeeded. A retry's delivery began earlier than the retry; where nothing tells of
 * its beginning any more, it is not counted.
 */
export const figuresOfAttemptsSql = (attempts: string) => `
  SELECT m.application_id, m.subscription_id, coalesce(m.succeeded_at, m.failed_at) AS at,
    CASE WHEN m.succeeded_at IS NULL THEN 'failed' ELSE 'succeeded' END AS kind, ${binSql('m.duration_ms')} AS bin
  FROM ${attempts} m WHERE m.response_id IS NOT NULL
  UNION ALL
  SELECT m.application_id, m.subscription_id, m.succeeded_at, 'delivered', ${binSql('m.took_ms')}
  FROM (
    SELECT a.application_id, a.subscription_id, a.succeeded_at, 1000 * extract(epoch FROM a.succeeded_at - CASE
      WHEN a.attempt_number > 1 THEN (SELECT d.created_at FROM deliveries d WHERE d.delivery_id = a.delivery_id)
      ELSE a.created_at END) AS took_ms
    FROM ${attempts} a WHERE a.response_id IS NOT NULL AND a.succeeded_at IS NOT NULL
  ) m WHERE m.took_ms IS NOT NULL`

/** SQL for what was given up among `letters`; what was called off is not. */
export const figuresOfDeadLettersSql = (letters: string) => `
  SELECT l.application_id, l.subscription_id, l.dead_at AS at, 'dead' AS kind, 0 AS bin
  FROM ${letters} l WHERE l.reason <> 'cancelled'`

/** Seconds that the figures of an application are added up for: long ranges have few rows, too. */
export const MINUTE_STEP = 60
export const HOUR_STEP = 3_600

/** Adds up what `figures` gives, by application, for each minute and each hour. */
export const addToApplicationsSql = (figures: string) => `
  INSERT INTO attempt_figures (application_id, step, at, kind, bin, amount)
  SELECT application_id, step, CASE step WHEN ${HOUR_STEP} THEN ${hourSql('at')} ELSE ${minuteSql('at')} END, kind, bin, count(*)
  FROM ${figures} CROSS JOIN (VALUES (${MINUTE_STEP}), (${HOUR_STEP})) AS s (step) GROUP BY 1, 2, 3, 4, 5
  ON CONFLICT (application_id, step, at, kind, bin) DO UPDATE SET amount = attempt_figures.amount + excluded.amount`

/** The same by subscription and hour. */
export const addToSubscriptionsSql = (figures: string) => `
  INSERT INTO subscription_figures (subscription_id, at, kind, bin, amount, last_at)
  SELECT subscription_id, ${hourSql('at')}, kind, bin, count(*), max(at) FROM ${figures} GROUP BY 1, 2, 3, 4
  ON CONFLICT (subscription_id, at, kind, bin) DO UPDATE SET
    amount = subscription_figures.amount + excluded.amount, last_at = greatest(subscription_figures.last_at, excluded.last_at)`
