import { Module } from '@nestjs/common';
import { CertificateController } from './certificate.controller.js';
import { CertificateReadModel } from './certificate.read-model.js';
import { GetCertificateHandler } from './get-certificate.query.js';

/** Reading deletion certificates; needs DatabaseModule and CqrsModule. */
@Module({
  controllers: [CertificateController],
  providers: [CertificateReadModel, GetCertificateHandler],
})
export class CertificatesModule {}
