import { Migration } from '@mikro-orm/migrations'

/** What was published over NATS and became no event. No older stream holds any of it. */
export class Migration20261125Rejections extends Migration {
  override name = '20261125-rejections'

  override up(): void {
    this.addSql(`
      CREATE TABLE rejections (
        rejection_id uuid PRIMARY KEY,
        ledger_seq bigint NOT NULL,
        application_id text NOT NULL,
        event_id uuid,
        event_type text,
        problem_id text NOT NULL,
        status integer NOT NULL,
        detail text NOT NULL,
        published_at timestamptz NOT NULL,
        rejected_at timestamptz NOT NULL
      )`)
    this.addSql('CREATE INDEX rejections_newest ON rejections (application_id, ledger_seq DESC)')
    this.addSql('CREATE INDEX rejections_oldest ON rejections (application_id, rejected_at)')
  }
}
