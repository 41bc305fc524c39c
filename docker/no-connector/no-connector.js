// A placeholder until a connector is copied over it. Builders of OCI images (podman, buildah, kaniko) silently drop the base's
// ONBUILD instructions, and images without a connector must say so.
import { AriesError } from '@aries-data/sdk';

throw new AriesError(
  'CONNECTOR_NOT_FOUND',
  'This image contains no connector: nothing was copied to /aries/connector',
  {
    hint: 'If it was built FROM aries-data, the builder dropped the ONBUILD triggers, as builders of OCI images do. Build with --format docker, or FROM aries-data:core with your own COPY and RUN aries-install. To use the aries-data image itself, name a connector.',
  },
);
