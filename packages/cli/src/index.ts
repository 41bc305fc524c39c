export { loadConnector } from './load-connector.ts';
