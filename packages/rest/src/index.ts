// The types that a source is made of, so that declarations of packages that import nothing else can name them.
export type { JsonRecord, Source, Stream } from '@aries-data/sdk';
export type { RestApi } from './declaration.ts';
export { loadApi } from './load-api.ts';
export { restApi } from './rest-api.ts';
export { type RestSourceOptions, restSource } from './rest-source.ts';
