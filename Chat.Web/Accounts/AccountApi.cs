using Chat.Contracts;
using Chat.Web.Proxy;
using Microsoft.Net.Http.Headers;

namespace Chat.Web.Accounts;

/// <summary>
/// Signs in and up on behalf of a form: the API's cookies become the browser's. The visitor's address and browser are passed on, so
/// that locks and the list of devices speak of the visitor and not of this server.
/// </summary>
public sealed class AccountApi(HttpClient http)
{
    // The shell is painted at once, whatever the API does.
    private static readonly TimeSpan AnswerWithin = TimeSpan.FromSeconds(2);

    /// <summary>The code of the refusal (<see cref="ErrorCodes"/>); null when it succeeded and the cookies are set.</summary>
    public async Task<string?> PostAsync(string path, Credentials credentials, HttpContext visitor)
    {
        using var request = Request(HttpMethod.Post, path, visitor);
        request.Content = JsonContent.Create(credentials, ChatJson.Default.Credentials);
        try
        {
            using var answer = await http.SendAsync(request, visitor.RequestAborted);
            if (!answer.IsSuccessStatusCode)
            {
                var problem = await answer.Content.ReadFromJsonAsync(ChatJson.Default.ApiProblem, visitor.RequestAborted);
                return problem?.Code ?? ErrorCodes.Internal;
            }

            if (answer.Headers.TryGetValues(HeaderNames.SetCookie, out var cookies))
            {
                foreach (var cookie in cookies)
                {
                    visitor.Response.Headers.Append(HeaderNames.SetCookie, cookie);
                }
            }

            return null;
        }
        catch (Exception e) when (e is HttpRequestException or System.Text.Json.JsonException || (e is TaskCanceledException && !visitor.RequestAborted.IsCancellationRequested))
        {
            return ErrorCodes.Unavailable;
        }
    }

    /// <summary>Nobody only when the API says so: while it cannot answer, soon, the chat itself shows what it knows.</summary>
    public async Task<Visitor> WhoIsAsync(HttpContext visitor)
    {
        if (visitor.Request.Cookies.Count == 0)
        {
            return Visitor.Nobody;
        }

        using var soon = CancellationTokenSource.CreateLinkedTokenSource(visitor.RequestAborted);
        soon.CancelAfter(AnswerWithin);
        using var request = Request(HttpMethod.Get, "/api/auth/me", visitor);
        try
        {
            using var answer = await http.SendAsync(request, soon.Token);
            return answer.StatusCode == System.Net.HttpStatusCode.Unauthorized ? Visitor.Nobody
                : answer.IsSuccessStatusCode ? new Visitor(true, await answer.Content.ReadFromJsonAsync(ChatJson.Default.Me, soon.Token))
                : Visitor.Unknown;
        }
        catch (Exception e) when (e is HttpRequestException or System.Text.Json.JsonException || (e is OperationCanceledException && !visitor.RequestAborted.IsCancellationRequested))
        {
            return Visitor.Unknown;
        }
    }

    private static HttpRequestMessage Request(HttpMethod method, string path, HttpContext visitor)
    {
        var request = new HttpRequestMessage(method, path);
        Copy(HeaderNames.Cookie);
        Copy(HeaderNames.UserAgent);
        request.Headers.TryAddWithoutValidation("X-Forwarded-For", visitor.Connection.RemoteIpAddress?.ToString());
        request.Headers.TryAddWithoutValidation("X-Forwarded-Proto", visitor.Request.Scheme);
        request.Headers.TryAddWithoutValidation("X-Forwarded-Host", visitor.Request.Host.Value);
        return request;

        void Copy(string header)
        {
            if (visitor.Request.Headers.TryGetValue(header, out var value))
            {
                request.Headers.TryAddWithoutValidation(header, value.ToString());
            }
        }
    }
}

/// <summary>Who asks for a page.</summary>
/// <param name="IsSignedIn">True also where nobody could say.</param>
/// <param name="Me">Null where it is not known.</param>
public sealed record Visitor(bool IsSignedIn, Me? Me)
{
    public static Visitor Nobody { get; } = new(false, null);

    public static Visitor Unknown { get; } = new(true, null);
}

public static class AccountsExtensions
{
    public static void AddAccounts(this IServiceCollection services) => services
        .AddHttpClient<AccountApi>((s, http) =>
        {
            http.BaseAddress = ApiAddress.Of(s.GetRequiredService<IConfiguration>());
            http.Timeout = TimeSpan.FromSeconds(15);
        })
        // Cookies belong to the visitor, never to this process.
        .ConfigurePrimaryHttpMessageHandler(() => new SocketsHttpHandler { UseCookies = false, AllowAutoRedirect = false });
}
