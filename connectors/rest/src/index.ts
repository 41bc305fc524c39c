import { restApi, restSource } from '@aries-data/sdk/rest';

export const source = restSource({ config: restApi, api: (api) => api });
