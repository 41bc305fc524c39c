// Stands where a connector goes, until one is copied over it. Builders that write OCI images (podman, buildah, kaniko) drop
// the ONBUILD instructions of the base without an error: what they built must say so, and not look like a wrong call.
import { AriesError } from '@aries-data/sdk';

throw new AriesError('CONNECTOR_NOT_FOUND', 'This image holds no connector: nothing was copied to /aries/connector', {
  hint: 'If it was built FROM aries-data, the builder dropped the ONBUILD triggers, as for OCI images: build with --format docker, or FROM aries-data:core with COPY and RUN aries-install of your own. In aries-data itself, name the connector.',
});
