using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Chat.Contracts;

namespace Chat.Web.Client.Connection;

/// <summary>
/// The HTTP calls of the contract, typed. Every refusal is an <see cref="ApiException"/> with the server's code, or
/// <see cref="ApiException.Unreachable"/> where no server answered.
/// </summary>
public sealed partial class ApiClient(HttpClient http, ChatJson json)
{
    private async Task<T> GetAsync<T>(string path, JsonTypeInfo<T> type, CancellationToken cancellationToken) =>
        await SendAsync(new HttpRequestMessage(HttpMethod.Get, path), type, cancellationToken);

    private Task<T> SendAsync<TBody, T>(
        HttpMethod method, string path, TBody body, JsonTypeInfo<TBody> bodyType, JsonTypeInfo<T> type, CancellationToken cancellationToken) =>
        SendAsync(new HttpRequestMessage(method, path) { Content = JsonContent.Create(body, bodyType) }, type, cancellationToken);

    private async Task<T> SendAsync<T>(HttpRequestMessage request, JsonTypeInfo<T> type, CancellationToken cancellationToken)
    {
        using var answer = await SendAsync(request, cancellationToken);
        try
        {
            return await answer.Content.ReadFromJsonAsync(type, cancellationToken)
                ?? throw new ApiException(ApiException.Unreachable, (int)answer.StatusCode);
        }
        catch (Exception e) when (e is JsonException or HttpRequestException or NotSupportedException)
        {
            // A proxy's or hotel's sign-in page answers 200 with something else: the server was not reached.
            throw new ApiException(ApiException.Unreachable, (int)answer.StatusCode, inner: e);
        }
    }

    private async Task SendAsync<TBody>(
        HttpMethod method, string path, TBody body, JsonTypeInfo<TBody> bodyType, CancellationToken cancellationToken)
    {
        using var answer = await SendAsync(
            new HttpRequestMessage(method, path) { Content = JsonContent.Create(body, bodyType) }, cancellationToken);
    }

    private async Task SendAsync(HttpMethod method, string path, CancellationToken cancellationToken)
    {
        using var answer = await SendAsync(new HttpRequestMessage(method, path), cancellationToken);
    }

    private async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        using (request)
        {
            // A browser's HttpClient does not do it by itself.
            if (Activity.Current?.Id is { } traceParent)
            {
                request.Headers.TryAddWithoutValidation("traceparent", traceParent);
            }

            HttpResponseMessage answer;
            try
            {
                answer = await http.SendAsync(request, cancellationToken);
            }
            catch (Exception e) when (e is HttpRequestException || (e is OperationCanceledException && !cancellationToken.IsCancellationRequested))
            {
                throw new ApiException(ApiException.Unreachable, 0, inner: e);
            }

            if (answer.IsSuccessStatusCode)
            {
                return answer;
            }

            using (answer)
            {
                var code = await ReadCodeAsync(answer, cancellationToken) ?? CodeOf(answer.StatusCode);
                throw new ApiException(code, (int)answer.StatusCode, answer.Headers.RetryAfter?.Delta);
            }
        }
    }

    private async Task<string?> ReadCodeAsync(HttpResponseMessage answer, CancellationToken cancellationToken)
    {
        try
        {
            return (await answer.Content.ReadFromJsonAsync(json.ApiProblem, cancellationToken))?.Code;
        }
        catch (Exception e) when (e is JsonException or HttpRequestException or NotSupportedException)
        {
            return null;
        }
    }

    /// <summary>For answers that are not ours: a proxy says that the server is away, or too busy.</summary>
    private static string CodeOf(HttpStatusCode status) => status switch
    {
        HttpStatusCode.Unauthorized => ErrorCodes.NotSignedIn,
        HttpStatusCode.Forbidden => ErrorCodes.Forbidden,
        HttpStatusCode.NotFound => ErrorCodes.NotFound,
        HttpStatusCode.TooManyRequests => ErrorCodes.RateLimited,
        HttpStatusCode.BadGateway or HttpStatusCode.ServiceUnavailable or HttpStatusCode.GatewayTimeout => ErrorCodes.Unavailable,
        _ => ErrorCodes.Internal,
    };

    private static string Escape(string value) => Uri.EscapeDataString(value);
}
