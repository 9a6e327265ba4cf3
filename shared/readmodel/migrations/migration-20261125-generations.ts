import { Migration } from '@mikro-orm/migrations'

/** A runner has to tell rows that were put in place by a rebuild from a checkpoint that somebody has moved. */
export class Migration20261125Generations extends Migration {
  override name = '20261125-generations'

  override up(): void {
    this.addSql('ALTER TABLE projection_checkpoints ADD generation integer NOT NULL DEFAULT 0')
  }
}
