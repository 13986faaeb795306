import { Query, QueryHandler, type IQueryHandler } from '@nestjs/cqrs';
import { CertificateReadModel } from './certificate.read-model.js';

/** A tenant's deletion certificate, as a compact JWS. @throws TenantNotFound, CertificateNotReady, CertificateRefused */
export class GetCertificate extends Query<string> {
  constructor(readonly tenantId: string) {
    super();
  }
}

@QueryHandler(GetCertificate)
export class GetCertificateHandler implements IQueryHandler<GetCertificate> {
  constructor(private readonly certificates: CertificateReadModel) {}

  execute({ tenantId }: GetCertificate): Promise<string> {
    return this.certificates.find(tenantId);
  }
}
