import { Migration } from '@mikro-orm/migrations'

/**
 * The first read model. Indexes are few on purpose: each costs every event. No foreign keys: rows of different streams
 * come in any order.
 */
export class Migration20261124First extends Migration {
  override name = '20261124-first'

  override up(): void {
    this.addSql(`
      CREATE TABLE events (
        event_id uuid PRIMARY KEY,
        seq bigint NOT NULL,
        application_id text NOT NULL,
        event_type text NOT NULL,
        payload_content_type text NOT NULL,
        labels jsonb NOT NULL,
        metadata jsonb NOT NULL,
        ip text NOT NULL,
        occurred_at timestamptz NOT NULL,
        received_at timestamptz NOT NULL
      )`)
    this.addSql('CREATE INDEX events_newest ON events (application_id, received_at DESC)')
    this.addSql(`
      CREATE TABLE deliveries (
        delivery_id uuid PRIMARY KEY,
        event_id uuid NOT NULL,
        application_id text NOT NULL,
        subscription_id uuid NOT NULL,
        control_seq bigint NOT NULL,
        status text NOT NULL,
        created_at timestamptz NOT NULL,
        finished_at timestamptz
      )`)
    this.addSql(`CREATE INDEX deliveries_open ON deliveries (subscription_id) WHERE status = 'pending'`)
    this.addSql(`
      CREATE TABLE attempts (
        attempt_id uuid PRIMARY KEY,
        delivery_id uuid NOT NULL,
        event_id uuid NOT NULL,
        event_type text NOT NULL,
        application_id text NOT NULL,
        subscription_id uuid NOT NULL,
        attempt_number integer NOT NULL,
        created_at timestamptz NOT NULL,
        delay_until timestamptz,
        picked_at timestamptz,
        succeeded_at timestamptz,
        failed_at timestamptz,
        outcome text,
        status_code integer,
        error_message text,
        duration_ms integer,
        response_id uuid,
        next_attempt_at timestamptz
      )`)
    this.addSql('CREATE INDEX attempts_newest ON attempts (application_id, created_at DESC, attempt_id)')
    this.addSql('CREATE INDEX attempts_of_event ON attempts (event_id)')
    this.addSql('CREATE INDEX attempts_of_subscription ON attempts (subscription_id, created_at DESC)')
    this.addSql('CREATE INDEX attempts_open ON attempts (delivery_id) WHERE outcome IS NULL')
    this.addSql(`
      CREATE TABLE responses (
        response_id uuid PRIMARY KEY,
        application_id text NOT NULL,
        error_name text,
        http_code integer,
        headers jsonb,
        body bytea,
        is_body_cut boolean NOT NULL,
        elapsed_ms integer NOT NULL
      )`)
    this.addSql(`
      CREATE TABLE dead_letters (
        delivery_id uuid PRIMARY KEY,
        event_id uuid NOT NULL,
        event_type text NOT NULL,
        application_id text NOT NULL,
        subscription_id uuid NOT NULL,
        reason text NOT NULL,
        status_code integer,
        error_name text,
        error_message text,
        attempt_count integer NOT NULL,
        last_attempt_id uuid NOT NULL,
        dead_at timestamptz NOT NULL
      )`)
    this.addSql('CREATE INDEX dead_letters_newest ON dead_letters (application_id, dead_at DESC)')
    this.addSql(`
      CREATE TABLE applications (
        application_id text PRIMARY KEY,
        organization_id text NOT NULL,
        name text NOT NULL,
        deleted_at timestamptz
      )`)
    this.addSql(`
      CREATE TABLE event_types (
        application_id text NOT NULL,
        name text NOT NULL,
        service text NOT NULL,
        resource_type text NOT NULL,
        verb text NOT NULL,
        deactivated_at timestamptz,
        PRIMARY KEY (application_id, name)
      )`)
    this.addSql(`
      CREATE TABLE subscriptions (
        subscription_id uuid PRIMARY KEY,
        application_id text NOT NULL,
        is_enabled boolean NOT NULL,
        event_types jsonb NOT NULL,
        labels jsonb NOT NULL,
        description text,
        metadata jsonb NOT NULL,
        target_method text NOT NULL,
        target_url text NOT NULL,
        sealed text NOT NULL,
        max_retries integer,
        created_at timestamptz NOT NULL,
        updated_at timestamptz NOT NULL,
        deleted_at timestamptz
      )`)
    this.addSql('CREATE INDEX subscriptions_of_application ON subscriptions (application_id, created_at)')
    this.addSql(`
      CREATE TABLE cancellations (
        subscription_id uuid PRIMARY KEY,
        control_seq bigint NOT NULL,
        cancelled_at timestamptz NOT NULL
      )`)
    this.addSql(`
      CREATE TABLE projection_checkpoints (
        name text PRIMARY KEY,
        version integer NOT NULL,
        stream text NOT NULL,
        stream_created_at text NOT NULL,
        seq bigint NOT NULL,
        matched_event_seq bigint NOT NULL
      )`)
  }
}
