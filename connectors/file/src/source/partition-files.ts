import { createHash } from 'node:crypto';
import { AriesError, type Partition, type Partitioning, type ReadContext } from '@aries-data/sdk';
import { z } from 'zod';
import type { SourceConfig } from '../config.ts';
import { locate } from './locations/locate.ts';
import type { SourceFile } from './locations/source-file.ts';
import { periodsOf } from './periods.ts';

/** More tasks than this cost a scheduler more than they save. */
const MOST_PARTITIONS = 100;

/** Splits the configured files into partitions: one file each, or neighbouring files together if there are too many. */
export async function partitionFiles(
  ctx: ReadContext<SourceConfig> & { wanted?: number | undefined },
): Promise<Partitioning> {
  const { config, signal, wanted = MOST_PARTITIONS } = ctx;
  const { files, close } = await locate(config, periodsOf(ctx), signal);
  await close();
  const count = Math.min(wanted, files.length);
  const partitions = Array.from({ length: count }, (_, index): Partition => {
    const [from, to] = [index, index + 1].map((edge) => Math.round((edge * files.length) / count));
    return {
      id: String(index),
      files: files.slice(from, to).map((file) => ({ name: file.name, digest: digestOf(file) })),
    };
  });
  return { partitions, consistency: 'none' };
}

const filesSchema = z.array(z.object({ name: z.string(), digest: z.string() }));

/** Throws `DATASET_CORRUPT` if the partitions of a plan are not lists of files, or contain a file twice. */
export function checkPartitions(partitions: readonly Partition[]): void {
  const lists = partitions.map(({ files }) => filesSchema.safeParse(files).data);
  const digests = lists.flatMap((list) => list?.map(({ digest }) => digest) ?? []);
  if (lists.every((list) => list !== undefined) && new Set(digests).size === digests.length) return;
  throw new AriesError('DATASET_CORRUPT', 'The plan lists a file twice, or something that is not a file', {
    hint: 'Plan and extract the run again with --force.',
  });
}

/** Returns the files of a partition. Throws `NOT_FOUND` if one no longer exists. */
export function filesOf(files: readonly SourceFile[], partition: Partition): SourceFile[] {
  const byDigest = new Map(files.map((file) => [digestOf(file), file]));
  return (partition.files as { name: string; digest: string }[]).map(({ name, digest }) => {
    const file = byDigest.get(digest);
    if (file !== undefined) return file;
    throw new AriesError('NOT_FOUND', `${name} no longer exists, but was there when the run was planned`, {
      hint: 'Put it back, or plan and extract the run again with --force.',
    });
  });
}

// File ids may contain credentials, which must not get into a plan.
function digestOf({ id }: SourceFile): string {
  return createHash('sha256').update(id).digest('hex').slice(0, 32);
}
