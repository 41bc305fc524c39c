import { restApi, restSource } from '@aries-data/rest';

export const source = restSource({ config: restApi, api: (api) => api });
