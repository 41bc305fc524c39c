import { AriesError } from '@aries-data/sdk';
import { json, mapped } from './connector-files.ts';
import { type Manifest, withVersions } from './manifests.ts';
import type { Templates } from './read-templates.ts';

const TEMPLATE_FOLDER = './templates/pipeline/';

/** Returns the files of a new pipeline by their paths. `isOurs`: as an example of this repository, to be run from its root. */
export function pipelineFiles(name: string, { texts, versions }: Templates, isOurs: boolean): Record<string, string> {
  const own = texts.pipeline;
  const common = texts.package;
  if (own === undefined || common === undefined)
    throw new AriesError('BUG', 'The installation of aries is incomplete: the template pipeline is missing');
  const { 'package.json': manifest = '', ...files } = mapped(own, (text) =>
    text.replaceAll(TEMPLATE_FOLDER, isOurs ? `./examples/${name}/` : './').replaceAll('my-pipeline', name),
  );
  if (isOurs) return files;
  return {
    ...files,
    '.gitignore': common.gitignore!,
    'package.json': json(withVersions(JSON.parse(manifest) as Manifest, versions)),
  };
}
