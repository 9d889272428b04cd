"""Certificates of the run, made with the openssl command: an authority, and leaves with one fault
each."""
import pathlib
import secrets
import ssl
import subprocess

EC = ('-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1')
# A signature with it takes milliseconds.
SLOW = ('-newkey', 'rsa:4096')


class Certificates:
    def __init__(self, directory):
        self.directory = pathlib.Path(directory)
        self.ca = self._authority('ca')
        self.other_ca = self._authority('other')

    def _openssl(self, *arguments):
        done = subprocess.run(['openssl', *arguments], capture_output=True, text=True)
        assert done.returncode == 0, done.stderr

    def path(self, name):
        return str(self.directory / name)

    def _authority(self, name):
        self._openssl('req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1',
                      '-nodes', '-days', '30', '-subj', f'/CN=penstock test {name}',
                      '-addext', 'basicConstraints=critical,CA:TRUE',
                      '-addext', 'keyUsage=critical,keyCertSign,cRLSign',
                      '-keyout', self.path(f'{name}.key'), '-out', self.path(f'{name}.crt'))
        return self.path(f'{name}.crt')

    def leaf(self, name, names='DNS:localhost,IP:127.0.0.1', common='localhost', authority='ca',
             usage='serverAuth', expired=False, key_kind=EC):
        """(certificate file, key file). names: the subject's alternative names, or '' for none."""
        certificate, key = self.path(f'{name}.crt'), self.path(f'{name}.key')
        request, extensions = self.path(f'{name}.csr'), self.path(f'{name}.ext')
        self._openssl('req', '-new', *key_kind, '-nodes', '-subj', f'/CN={common}', '-keyout', key,
                      '-out', request)
        lines = ['basicConstraints=CA:FALSE', f'extendedKeyUsage={usage}']
        if names:
            lines.append(f'subjectAltName={names}')
        pathlib.Path(extensions).write_text('\n'.join(lines) + '\n')
        if expired:
            # `openssl x509` cannot date into the past everywhere, `openssl ca` can.
            self._sign_expired(request, certificate, extensions, authority)
        else:
            self._openssl('x509', '-req', '-in', request, '-CA', self.path(f'{authority}.crt'),
                          '-CAkey', self.path(f'{authority}.key'), '-days', '20',
                          # Cases make certificates side by side: no serial file for them to share.
                          '-set_serial', str(secrets.randbits(63)),
                          '-extfile', extensions, '-out', certificate)
        pathlib.Path(key).chmod(0o600)
        return certificate, key

    def _sign_expired(self, request, certificate, extensions, authority):
        index = self.directory / 'index.txt'
        index.write_text('')
        (self.directory / 'serial').write_text('1000\n')
        settings = self.directory / 'ca.cnf'
        settings.write_text(
            '[ca]\ndefault_ca=d\n[d]\n' f'database={index}\nserial={self.directory / "serial"}\n'
            f'new_certs_dir={self.directory}\ndefault_md=sha256\npolicy=p\nunique_subject=no\n'
            '[p]\ncommonName=supplied\n')
        self._openssl('ca', '-batch', '-config', str(settings), '-in', request, '-out', certificate,
                      '-cert', self.path(f'{authority}.crt'), '-keyfile', self.path(f'{authority}.key'),
                      '-extfile', extensions, '-startdate', '20200101000000Z',
                      '-enddate', '20210101000000Z', '-notext')

    def server_context(self, pair):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*pair)
        return context

    def client_context(self, pair=None, minimum=None, maximum=None):
        context = ssl.create_default_context(cafile=self.ca)
        # Cutting TCP without close_notify must not look like an end.
        context.options &= ~getattr(ssl, 'OP_IGNORE_UNEXPECTED_EOF', 0)
        if pair:
            context.load_cert_chain(*pair)
        if minimum:
            context.minimum_version = minimum
        if maximum:
            context.maximum_version = maximum
        return context
