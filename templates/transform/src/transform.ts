import { AriesError, defineTransform, fieldSchema, fieldsOf } from '@aries-data/sdk';
import { config } from './config.ts';
import { pseudonym } from './pseudonym.ts';

export const transform = defineTransform({
  config,
  // Works batch by batch, so it runs inside the previous step, with nothing staged in between.
  scope: 'batch',
  // The output schema, known before the first record, because the target is created from it.
  schema(input, { config, stream, cursor }) {
    const properties = { ...input.properties };
    for (const name of config.fields) {
      const field = fieldsOf(input).find((one) => one.name === name);
      if (field === undefined) {
        throw new AriesError('CONFIG_INVALID', `${stream} has no field "${name}" to replace`, {
          stream,
          hint: `Correct the option "fields"; the stream has ${Object.keys(input.properties).join(', ')}.`,
        });
      }
      if (name === cursor) {
        throw new AriesError(
          'CONFIG_INVALID',
          `"${name}" orders the records of ${stream}, and a pseudonym has no order`,
          {
            stream,
            hint: 'Leave it out of the option "fields".',
          },
        );
      }
      properties[name] = fieldSchema('string', { nullable: field.nullable });
    }
    return { ...input, properties };
  },
  async *apply(batches, { config }) {
    for await (const batch of batches) {
      yield batch.map((record) => {
        const changed = { ...record };
        for (const name of config.fields) {
          const value = changed[name];
          if (value !== null && value !== undefined) changed[name] = pseudonym(value, config.key);
        }
        return changed;
      });
    }
  },
});
