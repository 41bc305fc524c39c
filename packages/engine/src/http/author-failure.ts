/** Wraps an error that the connector's own code threw while it handled a response, so that it is not taken for a network error. */
export class AuthorFailure extends Error {}
