import { Migration } from '@mikro-orm/migrations'
import {
  addToApplicationsSql,
  addToSubscriptionsSql,
  figuresOfAttemptsSql,
  figuresOfDeadLettersSql,
  minuteSql,
} from '../figures-sql.ts'

/** What went well needs no place in these indexes. */
const IS_FAILED = `outcome IN ('failed', 'timeout', 'cancelled')`

/**
 * Figures of a dashboard, added up as rows are written: what there is by now is counted once. And indexes for its lists: what
 * failed, what is due, what has waited longest.
 */
export class Migration20261125Figures extends Migration {
  override name = '20261125-figures'

  override up(): void {
    // There may be millions of rows.
    this.addSql('SET LOCAL statement_timeout = 0')
    this.addSql(`
      CREATE TABLE attempt_figures (
        application_id text NOT NULL,
        step integer NOT NULL,
        at timestamptz NOT NULL,
        kind text NOT NULL,
        bin integer NOT NULL,
        amount bigint NOT NULL,
        PRIMARY KEY (application_id, step, at, kind, bin)
      )`)
    this.addSql(`
      CREATE TABLE subscription_figures (
        subscription_id uuid NOT NULL,
        at timestamptz NOT NULL,
        kind text NOT NULL,
        bin integer NOT NULL,
        amount bigint NOT NULL,
        last_at timestamptz NOT NULL,
        PRIMARY KEY (subscription_id, at, kind, bin)
      )`)
    this.addSql(`
      CREATE TABLE event_figures (
        application_id text NOT NULL,
        at timestamptz NOT NULL,
        amount bigint NOT NULL,
        PRIMARY KEY (application_id, at)
      )`)
    this.addSql(`
      CREATE TEMP TABLE past_figures ON COMMIT DROP AS
      ${figuresOfAttemptsSql('attempts')} UNION ALL ${figuresOfDeadLettersSql('dead_letters')}`)
    this.addSql(addToApplicationsSql('past_figures'))
    this.addSql(addToSubscriptionsSql('past_figures'))
    this.addSql('DROP TABLE past_figures')
    this.addSql(`
      INSERT INTO event_figures (application_id, at, amount)
      SELECT application_id, ${minuteSql('received_at')}, count(*) FROM events GROUP BY 1, 2`)
    this.addSql(`UPDATE projection_checkpoints SET version = 3 WHERE name = 'ledger' AND version = 2`)
    this.addSql(`UPDATE projection_checkpoints SET version = 2 WHERE name = 'events' AND version = 1`)
    this.addSql(
      `CREATE INDEX attempts_failed ON attempts (application_id, outcome, created_at DESC, attempt_id) WHERE ${IS_FAILED}`,
    )
    this.addSql(
      `CREATE INDEX attempts_failed_of_subscription ON attempts (subscription_id, outcome, created_at DESC) WHERE ${IS_FAILED}`,
    )
    this.addSql(
      'CREATE INDEX attempts_due ON attempts (application_id, delay_until) WHERE outcome IS NULL AND delay_until IS NOT NULL',
    )
    this.addSql('DROP INDEX deliveries_open')
    this.addSql(`CREATE INDEX deliveries_open ON deliveries (subscription_id, created_at) WHERE status = 'pending'`)
  }
}
