/** Carries, as its cause, what code of a connector threw while it looked at an answer: it is no failure of the network. */
export class AuthorFailure extends Error {}
