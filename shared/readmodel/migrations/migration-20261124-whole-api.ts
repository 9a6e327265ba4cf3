import { Migration } from '@mikro-orm/migrations'

/**
 * Counts by day, postponed events, the audit log, cancellations of whole applications. Subscriptions are answered from
 * the registry, so their table keeps only what other rows are joined with.
 */
export class Migration20261124WholeApi extends Migration {
  override name = '20261124-whole-api'

  override up(): void {
    this.addSql(`
      CREATE TABLE event_counts (
        application_id text NOT NULL,
        day date NOT NULL,
        amount bigint NOT NULL,
        PRIMARY KEY (application_id, day)
      )`)
    this.addSql(`
      INSERT INTO event_counts (application_id, day, amount)
      SELECT application_id, (received_at AT TIME ZONE 'UTC')::date, count(*) FROM events GROUP BY 1, 2`)
    this.addSql(`
      CREATE TABLE postponed_events (
        event_id uuid PRIMARY KEY,
        application_id text NOT NULL,
        deliver_at timestamptz NOT NULL,
        status text NOT NULL,
        ended_at timestamptz
      )`)
    this.addSql(`
      CREATE TABLE audit_log (
        control_seq bigint PRIMARY KEY,
        organization_id text NOT NULL,
        application_id text,
        at timestamptz NOT NULL,
        actor_kind text NOT NULL,
        actor_id text NOT NULL,
        action text NOT NULL,
        resource_kind text NOT NULL,
        resource_id text NOT NULL,
        state jsonb NOT NULL
      )`)
    this.addSql('CREATE INDEX audit_log_newest ON audit_log (organization_id, control_seq DESC)')
    this.addSql('CREATE INDEX audit_log_of_resource ON audit_log (resource_kind, resource_id, control_seq)')
    this.addSql('ALTER TABLE cancellations RENAME COLUMN subscription_id TO scope_id')
    this.addSql('ALTER TABLE cancellations ALTER COLUMN scope_id TYPE text')
    this.addSql('CREATE INDEX events_of_type ON events (application_id, event_type, received_at DESC)')
    this.addSql('DROP TABLE subscriptions')
    this.addSql(`
      CREATE TABLE subscriptions (
        subscription_id uuid PRIMARY KEY,
        application_id text NOT NULL,
        description text
      )`)
    this.addSql('DROP TABLE applications')
    this.addSql('DROP TABLE event_types')
    // CONTROL is short: its rows are made anew.
    this.addSql(`DELETE FROM projection_checkpoints WHERE name = 'control'`)
  }
}
