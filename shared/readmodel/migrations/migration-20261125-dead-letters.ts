import { Migration } from '@mikro-orm/migrations'

/**
 * Dead letters that can be grouped, redriven and discarded; what was called off is one of them. LEDGER's rows are made anew
 * from the stream, since the old ones don't say where in it they were given up.
 */
export class Migration20261125DeadLetters extends Migration {
  override name = '20261125-dead-letters'

  override up(): void {
    this.addSql('TRUNCATE deliveries, attempts, responses, dead_letters, postponed_events, cancellations')
    this.addSql(`DELETE FROM projection_checkpoints WHERE name = 'ledger'`)
    this.addSql(`
      ALTER TABLE deliveries
        ADD event_seq bigint NOT NULL,
        ADD redrive_of uuid,
        ADD replay_id uuid,
        ADD job_id uuid`)
    this.addSql('CREATE INDEX deliveries_of_job ON deliveries (job_id) WHERE job_id IS NOT NULL')
    this.addSql('CREATE INDEX deliveries_redriven ON deliveries (redrive_of) WHERE redrive_of IS NOT NULL')
    this.addSql(`
      ALTER TABLE dead_letters
        ALTER last_attempt_id DROP NOT NULL,
        ADD ledger_seq bigint NOT NULL,
        ADD resolution text,
        ADD resolved_at timestamptz,
        ADD resolved_by_kind text,
        ADD resolved_by_id text,
        ADD job_id uuid,
        ADD discard_reason text`)
    this.addSql('CREATE TABLE expired_event_ids (event_id uuid PRIMARY KEY, received_at timestamptz NOT NULL)')
    this.addSql('CREATE INDEX expired_event_ids_oldest ON expired_event_ids (received_at)')
    this.addSql(
      'CREATE INDEX dead_letters_open ON dead_letters (application_id, ledger_seq, delivery_id) WHERE resolution IS NULL',
    )
  }
}
