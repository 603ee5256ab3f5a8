# Receive Durian's webhooks in Ruby, as a Rack application: `gem install rackup webrick`,
# WEBHOOK_SECRET=whsec_... rackup --port 9000 config.ru
require "base64"
require "openssl"
require "set"

KEY = Base64.strict_decode64(ENV.fetch("WEBHOOK_SECRET").delete_prefix("whsec_"))
HANDLED = Set.new # a service with several processes keeps these in its database, for some days

def genuine?(id, timestamp, signatures, body)
  return false unless timestamp.match?(/\A[0-9]{1,12}\z/) && (Time.now.to_i - timestamp.to_i).abs <= 300

  expected = "v1," + Base64.strict_encode64(OpenSSL::HMAC.digest("SHA256", KEY, "#{id}.#{timestamp}.#{body}"))
  signatures.split.any? { |given| given.bytesize == expected.bytesize && OpenSSL.fixed_length_secure_compare(given, expected) }
end

run(lambda do |env|
  id, timestamp, signatures = %w[ID TIMESTAMP SIGNATURE].map { |name| env["HTTP_WEBHOOK_#{name}"].to_s }
  body = env["rack.input"].read
  next [401, {}, []] unless genuine?(id, timestamp, signatures, body)

  puts "#{env["HTTP_CE_TYPE"]} #{body}" if HANDLED.add?(id)
  [204, {}, []]
end)
